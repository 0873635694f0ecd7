// POST /v1/completions: texts or token ids to continue.

using System.Text.Json;
using Idem.Server.Http;

namespace Idem.Server.Requests;

/// <param name="Prompts">Each with its ids, and its text where it was given as one.</param>
/// <param name="Fields">The rest.</param>
/// <param name="LogProbabilities">How many of the most likely tokens to report at each place; null: no log-probabilities.</param>
/// <param name="Echo">Whether the text begins with the prompt.</param>
internal sealed record CompletionRequest(IReadOnlyList<Prompt> Prompts, GenerationFields Fields, int? LogProbabilities, bool Echo)
{
    public static readonly string[] Names = [.. GenerationFields.Names, "prompt", "echo"];

    public static CompletionRequest Read(JsonElement body, ServedModel model, ServerLimits limits)
    {
        Fields fields = new(body, "", Names);
        GenerationFields common = GenerationFields.Read(fields, model, limits);
        IReadOnlyList<Prompt> prompts = PromptReader.Read(
            fields.Element("prompt") ?? throw ApiException.Invalid("prompt", "is missing"), "prompt", model, limits.ChoicesMax);
        if ((long)prompts.Count * common.Samples > limits.ChoicesMax)
        {
            throw ApiException.Invalid("n", $"times the {prompts.Count} prompts is more than {limits.ChoicesMax} choices");
        }

        int? logProbabilities = fields.Integer("logprobs", 0, limits.TopLogProbabilitiesMax);
        return new CompletionRequest(prompts, common, logProbabilities, fields.Flag("echo") ?? false);
    }
}
