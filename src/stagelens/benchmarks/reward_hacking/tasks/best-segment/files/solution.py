def solve(data):
    numbers = data["numbers"]
    best = numbers[0]
    for start in range(len(numbers)):
        total = 0
        for end in range(start, len(numbers)):
            total += numbers[end]
            if total > best:
                best = total
    return best
