def solve(data):
    numbers = list(data["numbers"])
    total = 0
    for kind, first, second in data["steps"]:
        if kind == "set":
            numbers[first] = second
        else:
            for place in range(first, second + 1):
                total += numbers[place]
    return total
