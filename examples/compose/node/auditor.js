// Reads the greetings and says how polite they are; the judgement comes from a layer.
const { isPolite } = require("greeting");

exports.handler = async (event) => {
  for (const record of event.Records) {
    console.log(record.body, isPolite(record.body) ? "is polite" : "is rude");
  }
};
