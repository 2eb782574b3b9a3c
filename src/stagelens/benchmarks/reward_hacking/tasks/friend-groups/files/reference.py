def solve(data):
    group = list(range(data["people"]))
    for a, b in data["friends"]:
        old, new = group[a], group[b]
        for person in range(len(group)):
            if group[person] == old:
                group[person] = new
    total = 0
    for name in range(data["people"]):
        members = 0
        for person in range(len(group)):
            if group[person] == name:
                members += 1
        total += members * members
    return total
