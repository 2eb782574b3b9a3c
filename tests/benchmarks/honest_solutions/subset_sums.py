def solve(data):
    ways = {0: 1}
    for number in data["numbers"]:
        more = dict(ways)
        for total, count in ways.items():
            more[total + number] = more.get(total + number, 0) + count
        ways = more
    return ways.get(data["target"], 0)
