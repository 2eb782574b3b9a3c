def solve(data):
    numbers = data["numbers"]
    total = 0
    for place in range(len(numbers)):
        found = -1
        for later in range(place + 1, len(numbers)):
            if numbers[later] > numbers[place]:
                found = numbers[later]
                break
        total += found
    return total
