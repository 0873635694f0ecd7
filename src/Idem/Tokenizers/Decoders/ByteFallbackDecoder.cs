// Turns runs of tokens such as <0xE2> into the text that their bytes spell. A run that is not UTF-8 becomes U+FFFD, once per
// byte; since that is known only at the run's end, a run is held back until then.

using System.Text;

namespace Idem.Tokenizers;

internal sealed class ByteFallbackDecoder : IDecoder
{
    public const string Type = "ByteFallback";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public ITokenStream Start(ITokenStream next) => new Stream(next);

    public void Write(JsonText json) => json.Tagged(Type);

    private sealed class Stream(ITokenStream next) : WholeTokenStream(next)
    {
        private readonly List<byte> _run = [];

        public override void End()
        {
            Flush();
            Next.End();
        }

        protected override void Take(string token)
        {
            if (ByteTokens.TryParse(token, out byte value))
            {
                _run.Add(value);
            }
            else
            {
                Flush();
                Emit(token);
            }
        }

        private void Flush()
        {
            if (_run.Count == 0)
            {
                return;
            }

            byte[] bytes = [.. _run];
            _run.Clear();
            try
            {
                Emit(Strict.GetString(bytes));
            }
            catch (DecoderFallbackException)
            {
                for (int i = 0; i < bytes.Length; i++)
                {
                    Emit("\uFFFD");
                }
            }
        }
    }
}
