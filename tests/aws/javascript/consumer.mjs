// sqs-consumer over a queue with dead letters: "bad" fails whenever it comes, "late" takes longer than it is hidden.
import { SQSClient, SendMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const sqs = new SQSClient({});
const queueUrl = `${process.env.AWS_ENDPOINT_URL}/000000000000/jobs`;
const dead = `${queueUrl}-dlq`;
const handled = [];
const failed = [];
let beats = 0;
let kept;
const isKept = new Promise((resolve) => { kept = resolve; });
sqs.middlewareStack.add((next, { commandName }) => async (given) => {
  const answer = await next(given);
  // Three heartbeats are longer than the message was hidden at first.
  if (commandName === "ChangeMessageVisibilityCommand" && given.input.VisibilityTimeout > 0 && ++beats === 3) kept();
  return answer;
});

const consumer = Consumer.create({
  sqs, queueUrl, batchSize: 10, waitTimeSeconds: 1, visibilityTimeout: 1, heartbeatInterval: 0.5,
  terminateVisibilityTimeout: true, messageSystemAttributeNames: ["ApproximateReceiveCount"],
  handleMessage: async (message) => {
    if (message.Body === "bad") throw new Error(`told to, ${message.Attributes.ApproximateReceiveCount}`);
    if (message.Body === "late") await isKept;
    handled.push(message.Body);
    return message;
  },
});
consumer.on("processing_error", (error) => failed.push(error.message));
consumer.on("error", (error) => { console.error(error); process.exitCode = 1; });

const Entries = ["one", "bad", "late"].map((MessageBody, place) => ({ Id: String(place), MessageBody }));
await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
consumer.start();
let letters = [];
while (letters.length === 0 || handled.length < 2) {
  const answer = await sqs.send(new ReceiveMessageCommand({ QueueUrl: dead, WaitTimeSeconds: 1 }));
  letters = [...letters, ...(answer.Messages ?? [])];
}
consumer.stop();
console.log(JSON.stringify({ handled, failed, letters: letters.map((letter) => letter.Body) }));
