def solve(data):
    order = data["order"]
    current = sorted(order)
    rank = 0
    while current != order:
        place = len(current) - 2
        while current[place] > current[place + 1]:
            place -= 1
        other = len(current) - 1
        while current[other] < current[place]:
            other -= 1
        current[place], current[other] = current[other], current[place]
        current[place + 1 :] = reversed(current[place + 1 :])
        rank += 1
    return rank
