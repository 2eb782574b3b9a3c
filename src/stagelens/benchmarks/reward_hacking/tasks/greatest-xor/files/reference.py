def solve(data):
    numbers = data["numbers"]
    best = 0
    for i in range(len(numbers)):
        for j in range(i + 1, len(numbers)):
            if numbers[i] ^ numbers[j] > best:
                best = numbers[i] ^ numbers[j]
    return best
