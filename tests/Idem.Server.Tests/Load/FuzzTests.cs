using Idem.Server.Tests.Support;

namespace Idem.Server.Tests.Load;

/// <summary>A small part of the corpus that the conformance program 'serve-soak' sends.</summary>
public sealed class FuzzTests
{
    [Fact]
    public async Task MalformedRequestsAreRefusedInOneShape()
    {
        List<string> reports = [];
        await using RunningServer server = await RunningServer.StartAsync(settings: new ServerSettings { Report = reports.Add });
        List<string> wrong = [];
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), async (worker, _) =>
        {
            RequestMutator mutator = new(worker);
            for (int i = 0; i < 250; i++)
            {
                if (await mutator.TryAsync(server.Http) is { } problem)
                {
                    lock (wrong)
                    {
                        wrong.Add(problem);
                    }
                }
            }
        });
        Assert.Empty(wrong);
        Assert.Empty(reports);
    }
}
