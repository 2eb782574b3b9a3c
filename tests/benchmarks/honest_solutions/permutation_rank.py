from math import factorial


def solve(data):
    order = data["order"]
    rank = 0
    for place, number in enumerate(order):
        smaller = sum(1 for later in order[place + 1 :] if later < number)
        rank += smaller * factorial(len(order) - place - 1)
    return rank
