def solve(data):
    numbers = list(data["numbers"])
    size = len(numbers)
    tree = [0, *numbers]
    for place in range(1, size + 1):
        above = place + (place & -place)
        if above <= size:
            tree[above] += tree[place]

    def up_to(place):
        total = 0
        while place:
            total += tree[place]
            place &= place - 1
        return total

    total = 0
    for kind, first, second in data["steps"]:
        if kind == "sum":
            total += up_to(second + 1) - up_to(first)
            continue
        change, numbers[first] = second - numbers[first], second
        place = first + 1
        while place <= size:
            tree[place] += change
            place += place & -place
    return total
