from collections import Counter


def solve(data):
    above = list(range(data["people"]))

    def top(person):
        while above[person] != person:
            above[person] = above[above[person]]
            person = above[person]
        return person

    for a, b in data["friends"]:
        above[top(a)] = top(b)
    return sum(size * size for size in Counter(map(top, above)).values())
