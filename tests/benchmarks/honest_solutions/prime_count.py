def solve(data):
    low, high = max(data["low"], 2), data["high"]
    if high < low:
        return 0
    sieve = bytearray([1]) * (high + 1)
    sieve[0:2] = b"\0\0"
    for number in range(2, int(high**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, high + 1, number)))
    return sum(sieve[low:])
