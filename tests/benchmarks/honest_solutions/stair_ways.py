def solve(data):
    ways = [1]
    for height in range(1, data["height"] + 1):
        ways.append(sum(ways[height - step] for step in data["steps"] if step <= height))
    return ways[-1]
