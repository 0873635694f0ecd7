// Ctrl-C and SIGTERM ask once: the verb finishes what it must not tear, saves, and exits 130. A second Ctrl-C ends the process.

using System.Runtime.InteropServices;

namespace Idem.Cli;

internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public Interrupt()
    {
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                if (!_source.IsCancellationRequested)
                {
                    context.Cancel = true;
                    _source.Cancel();
                }
            }));
        }
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }
}
