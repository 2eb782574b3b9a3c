def solve(data):
    prices = data["prices"]

    def best_trade(first, last):
        best, lowest = 0, prices[first]
        for day in range(first, last + 1):
            lowest = min(lowest, prices[day])
            best = max(best, prices[day] - lowest)
        return best

    last = len(prices) - 1
    return max(best_trade(0, day) + best_trade(day, last) for day in range(len(prices)))
