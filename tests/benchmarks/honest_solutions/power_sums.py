def solve(data):
    power, modulus = data["power"], data["modulus"]
    return sum(pow(number, power, modulus) for number in range(1, data["count"] + 1)) % modulus
