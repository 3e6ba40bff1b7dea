using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>
/// All cells of a tiny reproduction, made once as a person might: begun, stopped, gone on with by two processes at a time.
/// One length, one seed, one epoch: nine methods, ITQ and LSH, the ablation, the sensitivities, the validation curves.
/// </summary>
public sealed class Reproduction : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Cells of the plan.</summary>
    public const int Cells = 27;

    /// <summary>Something in the folder of all tests.</summary>
    public string this[string name] => folder[name];

    /// <summary>The folder of the reproduction.</summary>
    public string Folder => folder["reproduction"];

    /// <summary>The options of all runs but the target.</summary>
    public string[] Options => OptionsIn(Folder);

    /// <summary>What the first process wrote before it was stopped.</summary>
    public string First { get; private set; } = "";

    /// <summary>What two processes that went on together wrote.</summary>
    public IReadOnlyList<CommandResult> Together { get; private set; } = [];

    /// <summary>What the last process wrote.</summary>
    public CommandResult Last { get; private set; } = new(-1, "", "");

    /// <summary>How often the queries had been opened when the last process had written its report.</summary>
    public int Openings { get; private set; }

    /// <summary>The options with another folder.</summary>
    public string[] OptionsIn(string output) =>
    [
        "-o", output, .. TinyDataset.Options(folder["data"]), .. TinyDataset.Small,
        "--epochs", "1", "--bits", "16", "--seeds", "1", "--hold-out", "2",
    ];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        TinyDataset.Write(folder["data"]);
        await using (ServiceProcess first = DpfahProgram.Start(["reproduce", "all", .. Options]))
        {
            await first.WaitForLineAsync($"cell 3/{Cells}: ");
            await first.TerminateAsync();
            First = first.Log;
        }

        Together = await Task.WhenAll(DpfahProgram.RunAsync(["reproduce", "all", .. Options]), DpfahProgram.RunAsync(["reproduce", "all", .. Options]));
        Last = await DpfahProgram.RunAsync(["reproduce", "all", .. Options]);
        Openings = (await File.ReadAllLinesAsync(Path.Combine(Folder, "split", "query-reads.log"))).Length;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
