"""What nodes are asked: one SKU or many, evenly or by popularity, whole checkouts, baskets over
shards, the orders of a real shop; after long histories, and by any number of callers.

Where a module does not say otherwise, four callers send batches of a hundred in Execute streams,
each the next one as soon as it is answered. Batches are serialised beforehand, and answers are read
without the SDK, so that the load generator takes little of the machine. Rows of a table take turns.
"""
