def solve(data):
    products = []
    for row in range(1, data["rows"] + 1):
        for column in range(1, data["columns"] + 1):
            products.append(row * column)
    products.sort()
    return products[data["k"] - 1]
