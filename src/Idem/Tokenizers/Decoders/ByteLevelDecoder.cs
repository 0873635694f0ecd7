// Undoes the byte-level alphabet. Bytes that are not UTF-8 become U+FFFD, one per maximal ill-formed part (Unicode 16, section
// 3.9), as String::from_utf8_lossy of Hugging Face's library gives. A token with a character outside the alphabet stands for
// its own UTF-8 bytes. What comes out is one token.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class ByteLevelDecoder(ByteLevel settings) : IDecoder
{
    public const string Type = ByteLevel.Type;

    public ITokenStream Start(ITokenStream next) => new Stream(next);

    public void Write(JsonText json) => settings.Write(json);

    /// <summary>The bytes that a token spells.</summary>
    internal static byte[] Bytes(string token)
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

    private sealed class Stream(ITokenStream next) : WholeTokenStream(next)
    {
        private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

        public override void End()
        {
            Convert([], flush: true);
            Next.EndToken();
            Next.End();
        }

        protected override void Take(string token) => Convert(Bytes(token), flush: false);

        private void Convert(byte[] bytes, bool flush)
        {
            char[] chars = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            int count = _utf8.GetChars(bytes, 0, bytes.Length, chars, 0, flush);
            Next.Text(new string(chars, 0, count));
        }
    }
}
