from bisect import bisect_right, insort


def solve(data):
    seen, count = [], 0
    for number in data["numbers"]:
        count += len(seen) - bisect_right(seen, number)
        insort(seen, number)
    return count
