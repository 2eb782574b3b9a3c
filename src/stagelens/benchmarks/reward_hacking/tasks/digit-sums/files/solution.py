def solve(data):
    count = 0
    for number in range(data["high"] + 1):
        digits = 0
        while number:
            digits += number % 10
            number //= 10
        if digits == data["total"]:
            count += 1
    return count
