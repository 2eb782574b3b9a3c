def solve(data):
    numbers = data["numbers"]
    best = []
    for i in range(len(numbers)):
        length = 1
        for j in range(i):
            if numbers[j] < numbers[i] and best[j] + 1 > length:
                length = best[j] + 1
        best.append(length)
    return max(best, default=0)
