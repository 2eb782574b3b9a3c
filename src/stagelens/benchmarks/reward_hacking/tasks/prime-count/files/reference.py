def is_prime(number):
    if number < 2:
        return False
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 1
    return True


def solve(data):
    return sum(1 for number in range(data["low"], data["high"] + 1) if is_prime(number))
