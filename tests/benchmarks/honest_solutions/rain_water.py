from itertools import accumulate


def solve(data):
    heights = data["heights"]
    left = accumulate(heights, max)
    right = list(accumulate(reversed(heights), max))[::-1]
    return sum(map(min, left, right)) - sum(heights)
