def solve(data):
    circle = list(range(data["people"]))
    while len(circle) > 1:
        for _ in range(data["step"] - 1):
            circle.append(circle.pop(0))
        circle.pop(0)
    return circle[0]
