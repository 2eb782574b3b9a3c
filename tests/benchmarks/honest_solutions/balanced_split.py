def solve(data):
    numbers = data["numbers"]
    reachable = 1
    for number in numbers:
        reachable |= reachable << number
    total = sum(numbers)
    half = reachable & ((1 << (total // 2 + 1)) - 1)
    return total - 2 * (half.bit_length() - 1)
