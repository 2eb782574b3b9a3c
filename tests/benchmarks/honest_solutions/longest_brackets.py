def solve(data):
    best, open_places = 0, [-1]
    for place, bracket in enumerate(data["text"]):
        if bracket == "(":
            open_places.append(place)
            continue
        open_places.pop()
        if open_places:
            best = max(best, place - open_places[-1])
        else:
            open_places.append(place)
    return best
