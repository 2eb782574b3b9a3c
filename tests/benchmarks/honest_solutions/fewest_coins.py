def solve(data):
    fewest = [0]
    for amount in range(1, data["amount"] + 1):
        fewest.append(1 + min(fewest[amount - coin] for coin in data["coins"] if coin <= amount))
    return fewest[-1]
