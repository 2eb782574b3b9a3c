def solve(data):
    prices = data["prices"]
    first_cost = second_cost = prices[0]
    first_gain = second_gain = 0
    for price in prices:
        first_cost = min(first_cost, price)
        first_gain = max(first_gain, price - first_cost)
        second_cost = min(second_cost, price - first_gain)
        second_gain = max(second_gain, price - second_cost)
    return second_gain
