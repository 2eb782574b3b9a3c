def solve(data):
    first, second = data["first"], data["second"]
    product = [0] * (len(first) + len(second) - 1)
    for i in range(len(first)):
        for j in range(len(second)):
            product[i + j] += first[i] * second[j]
    return sum((place + 1) * coefficient for place, coefficient in enumerate(product)) % 1000000007
