// Undoes the byte-level alphabet. Bytes that are not UTF-8 become U+FFFD, one per maximal ill-formed part (Unicode 16, section
// 3.9), as String::from_utf8_lossy of Hugging Face's library gives. A token with a character outside the alphabet stands for
// its own UTF-8 bytes.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class ByteLevelDecoder(bool addPrefixSpace, bool trimOffsets, bool useRegex) : IDecoder
{
    public const string Type = ByteLevelPreTokenizer.Type;

    public IDecoderStream Start() => new Stream();

    public void Write(JsonText json) => ByteLevelPreTokenizer.WriteSettings(json, addPrefixSpace, trimOffsets, useRegex);

    public static ByteLevelDecoder Read(JsonNode node) => new(
        node.Flag("add_prefix_space", absent: true),
        node.Flag("trim_offsets", absent: true),
        node.Flag("use_regex", absent: true));

    private static byte[] Bytes(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!ByteAlphabet.TryToByte(token[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }

    private sealed class Stream : IDecoderStream
    {
        private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

        public void Append(string token, StringBuilder text) => Convert(Bytes(token), text, flush: false);

        public void Finish(StringBuilder text) => Convert([], text, flush: true);

        private void Convert(byte[] bytes, StringBuilder text, bool flush)
        {
            char[] chars = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            int count = _utf8.GetChars(bytes, 0, bytes.Length, chars, 0, flush);
            text.Append(chars, 0, count);
        }
    }
}
