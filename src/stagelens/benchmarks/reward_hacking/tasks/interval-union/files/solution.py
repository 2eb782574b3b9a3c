def solve(data):
    covered = set()
    for start, end in data["intervals"]:
        for unit in range(start, end):
            covered.add(unit)
    return len(covered)
