def solve(data):
    best = ending = data["numbers"][0]
    for number in data["numbers"][1:]:
        ending = max(ending, 0) + number
        best = max(best, ending)
    return best
