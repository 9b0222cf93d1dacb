// AWS's SDK, which compares every digest of a body with its own, and tells what it was answered.
import * as aws from "@aws-sdk/client-sqs";

const sqs = new aws.SQS({});
const { QueueUrl } = await sqs.createQueue({ QueueName: "orders" });
const fifo = (await sqs.createQueue({ QueueName: "orders.fifo", Attributes: { FifoQueue: "true" } })).QueueUrl;

const attributes = {
  text: { DataType: "String", StringValue: "ü <&>\r\n x" },
  number: { DataType: "Number.int", StringValue: "-7.5" },
  bytes: { DataType: "Binary.png", BinaryValue: new Uint8Array([0, 255, 128]) },
};
const sent = await sqs.sendMessage({
  QueueUrl,
  MessageBody: "hällo <&> \"q\" 😀 +%20",
  MessageAttributes: attributes,
  MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-5759e988-bd862e3fe1be46a994272793" } },
});
const batch = await sqs.sendMessageBatch({
  QueueUrl,
  Entries: [
    { Id: "good", MessageBody: "x", MessageAttributes: attributes },
    { Id: "bad", MessageBody: "y", DelaySeconds: 901 },
  ],
});
const received = await sqs.receiveMessage({
  QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All"], MessageAttributeNames: ["All"],
});
const [first, second] = received.Messages;
await sqs.deleteMessage({ QueueUrl, ReceiptHandle: first.ReceiptHandle });
const deleted = await sqs.deleteMessageBatch({
  QueueUrl,
  Entries: [{ Id: "good", ReceiptHandle: second.ReceiptHandle }, { Id: "bad", ReceiptHandle: "none" }],
});

const send = (MessageBody, MessageGroupId, MessageDeduplicationId) =>
  sqs.sendMessage({ QueueUrl: fifo, MessageBody, MessageGroupId, MessageDeduplicationId });
const once = await send("once", "g", "d");
const again = await send("under another body", "g", "d");
await send("after", "g", "e");
const inOrder = await sqs.receiveMessage({ QueueUrl: fifo, MaxNumberOfMessages: 10 });
const refused = await sqs.sendMessage({ QueueUrl: `${QueueUrl}-not`, MessageBody: "x" }).catch((error) => error);

console.log(JSON.stringify({
  sameDigest: sent.MD5OfMessageAttributes === first.MD5OfMessageAttributes,
  body: first.Body,
  bytes: [...first.MessageAttributes.bytes.BinaryValue],
  text: first.MessageAttributes.text.StringValue,
  trace: first.Attributes.AWSTraceHeader,
  sent: [batch.Successful.map((entry) => entry.Id), batch.Failed.map((entry) => [entry.Id, entry.Code])],
  deleted: [deleted.Successful.map((entry) => entry.Id), deleted.Failed.map((entry) => [entry.Id, entry.Code])],
  sameMessage: once.MessageId === again.MessageId && once.SequenceNumber === again.SequenceNumber,
  inOrder: inOrder.Messages.map((message) => message.Body),
  refused: [refused.Error.Code, refused.$metadata.httpStatusCode],
}));
