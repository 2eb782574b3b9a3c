def solve(data):
    total = 0
    for number in range(1, data["count"] + 1):
        product = 1
        for _ in range(data["power"]):
            product = product * number % data["modulus"]
        total = (total + product) % data["modulus"]
    return total
