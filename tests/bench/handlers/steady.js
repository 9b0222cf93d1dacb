// Handlers whose speed a mapping is measured by: the same as in steady.py.
exports.nothing = async () => {};

exports.small = async (event) => {
  const orders = event.Records.map((record) => JSON.parse(record.body));
  console.log(`${orders.length} orders, the first of customer ${orders[0].customer}`);
};

exports.busy = async (event) => {
  await exports.small(event);
  const until = process.hrtime.bigint() + 1_000_000n;
  while (process.hrtime.bigint() < until);
};
