using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Dpfah.FunctionalTests.Page;

/// <summary>What goes wrong in the browser during a visit: errors, broken rules of the content security policy, dialogs of scripts.</summary>
/// <param name="expected">Words of console errors, or of the addresses that they come from, that belong to the test.</param>
internal sealed class Faults(string[] expected)
{
    // Runs before the page's own scripts. The event comes for what the policy refused, whoever caused it.
    private const string ReportViolations =
        "addEventListener('securitypolicyviolation', e => dpfahViolation(`${e.violatedDirective} refused ${e.blockedURI} ${e.sample} at ${e.sourceFile}:${e.lineNumber}`))";

    private readonly ConcurrentQueue<string> faults = new();

    /// <summary>Begins to listen to all pages of a context.</summary>
    public async Task WatchAsync(IBrowserContext context)
    {
        await context.ExposeFunctionAsync<string>("dpfahViolation", violation => faults.Enqueue($"policy: {violation}"));
        await context.AddInitScriptAsync(ReportViolations);
        context.WebError += (_, error) => faults.Enqueue($"not caught: {error.Error}");
        context.Console += (_, message) =>
        {
            string told = $"{message.Text} ({message.Location})";
            if (message.Type == "error" && !expected.Any(words => told.Contains(words, StringComparison.Ordinal)))
            {
                faults.Enqueue($"console: {told}");
            }
        };
        context.Dialog += async (_, dialog) =>
        {
            faults.Enqueue($"dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        context.Request += (_, request) =>
        {
            var url = new Uri(request.Url);
            if (url.Scheme.StartsWith("http", StringComparison.Ordinal) && !url.IsLoopback)
            {
                faults.Enqueue($"asked elsewhere: {request.Url}");
            }
        };
    }

    /// <summary>Asserts that nothing went wrong.</summary>
    public void AssertNone() => Assert.True(faults.IsEmpty, ToString());

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', faults);
}
