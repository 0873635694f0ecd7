using Idem.Server.Http;

namespace Idem.Server.Requests;

/// <summary>The name under which the one model is served.</summary>
internal static class ModelNames
{
    /// <summary>Refuses a request for another model; one that names none is for this one.</summary>
    public static void Check(Fields fields, string served)
    {
        if (fields.Text("model", 4096) is { } name && name != served)
        {
            throw ApiException.NotFound($"the model '{(name.Length <= 200 ? name : name[..200] + "...")}' is not served here; '{served}' is", "model", "model_not_found");
        }
    }
}
