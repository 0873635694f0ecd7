// eos_token_id in the wild: a number, a list of numbers, or null.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Idem.Models;

internal sealed class TokenIdsConverter : JsonConverter<IReadOnlyList<int>>
{
    public override bool HandleNull => true;

    public override IReadOnlyList<int> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return [];
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return [reader.GetInt32()];
        }

        List<int> ids = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            ids.Add(reader.GetInt32());
        }

        return ids;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<int> value, JsonSerializerOptions options)
    {
        switch (value.Count)
        {
            case 0:
                writer.WriteNullValue();
                break;
            case 1:
                writer.WriteNumberValue(value[0]);
                break;
            default:
                writer.WriteStartArray();
                foreach (int id in value)
                {
                    writer.WriteNumberValue(id);
                }

                writer.WriteEndArray();
                break;
        }
    }
}
