def solve(data):
    place = 0
    for size in range(2, data["people"] + 1):
        place = (place + data["step"]) % size
    return place
