// A question to a local model through Microsoft.Extensions.AI: dotnet run --project samples/ReproducibleChat -- MODEL-FOLDER "question".
// The answer and the digest of the logits behind it are the same on every machine.

using Idem.Extensions.AI;
using Microsoft.Extensions.AI;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: ReproducibleChat MODEL-FOLDER QUESTION (a Hugging Face folder with a chat template)");
    return 2;
}

using IChatClient client = IdemChatClient.Load(args[0]);
ChatResponse answer = await client.GetResponseAsync(args[1], new ChatOptions { Seed = 1, MaxOutputTokens = 200 });
Console.WriteLine(answer.Text);
Console.WriteLine($"logits {answer.AdditionalProperties?[IdemChatClient.LogitsDigest]}");
return 0;
