from bisect import bisect_left


def solve(data):
    ends = []
    for number in data["numbers"]:
        place = bisect_left(ends, number)
        if place == len(ends):
            ends.append(number)
        else:
            ends[place] = number
    return len(ends)
