def solve(data):
    heights = data["heights"]
    total = 0
    for place in range(len(heights)):
        left = right = 0
        for other in range(place + 1):
            left = max(left, heights[other])
        for other in range(place, len(heights)):
            right = max(right, heights[other])
        total += min(left, right) - heights[place]
    return total
