def solve(data):
    coins = sorted(data["coins"], reverse=True)

    def fewest(amount, kind):
        if kind == len(coins) - 1:
            return amount
        best = fewest(amount, kind + 1)
        for count in range(1, amount // coins[kind] + 1):
            best = min(best, count + fewest(amount - count * coins[kind], kind + 1))
        return best

    return fewest(data["amount"], 0)
