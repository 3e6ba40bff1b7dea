using System.CommandLine;
using System.Globalization;
using Dpfah.Core.Indexing;
using Dpfah.Engine;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Search;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Dpfah.Cli;

/// <summary><c>dpfah search FILE</c>: searches the service's database without the service.</summary>
internal static class SearchCommand
{
    private const string ConnectionVariable = "ConnectionStrings__Dpfah";

    // A database that is down may come up; a person at a terminal does not wait for it for ever.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    public static Command Create(AddEncoding addEncoding)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "Picture to search with." }.AcceptExistingOnly();
        var collection = new Option<string>("--collection", "-c")
        {
            Description = "Collection to search.",
            HelpName = "NAME",
            DefaultValueFactory = _ => CollectionStore.DefaultName,
        };
        var count = new Option<int>("-k")
        {
            Description = "Pictures wanted, 1 to 1000.",
            HelpName = "K",
            DefaultValueFactory = _ => 10,
        };
        count.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out int k) || k is < 1 or > SearchLimits.MaxK))
            {
                result.AddError($"-k must be a whole number from 1 to {SearchLimits.MaxK}.");
            }
        });
        var label = new Option<string[]>("--label") { Description = "Only pictures with one of these labels; may be repeated.", HelpName = "LABEL" };
        var connection = new Option<string?>("--connection")
        {
            Description = $"Connection string of PostgreSQL; without it that of {ConnectionVariable}, else SQLite in the data folder.",
            HelpName = "STRING",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable(ConnectionVariable),
        };
        var command = new Command("search", "Finds the pictures of a collection that are most like a picture.")
        {
            file, collection, count, label, connection,
        };
        var encoder = new EncoderArguments(command, choosesModel: false);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(file).FullName,
            parsed.GetRequiredValue(collection),
            parsed.GetRequiredValue(count),
            parsed.GetValue(label) ?? [],
            parsed.GetValue(connection),
            encoder.Read(parsed),
            addEncoding,
            parsed.InvocationConfiguration,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string file,
        string collection,
        int count,
        string[] labels,
        string? connection,
        EncoderSettings settings,
        AddEncoding addEncoding,
        InvocationConfiguration console,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(connection) && !File.Exists(Path.Combine(settings.DataFolder, EngineOptions.SqliteFileName)))
        {
            throw new CommandException(
                $"There is no database in the folder '{settings.DataFolder}'. Name the service's folder by --data, or its PostgreSQL by --connection.");
        }

        using IHost host = BuildHost(connection, settings, addEncoding);
        await host.StartAsync(cancellationToken);
        await TerminalProgress.RunAsync(
            console.Error, wanted: true, progress => WaitAsync(host.Services.GetRequiredService<ServiceState>(), progress, cancellationToken));

        SearchService search = host.Services.GetRequiredService<SearchService>();
        CollectionIndex index = search.Find(collection) ?? throw new CommandException(
            $"There is no collection '{collection}'. There are: {string.Join(", ", search.Collections.Select(c => c.Name))}.");
        EncodedPicture picture = await host.Services.GetRequiredService<PictureEncoder>()
            .EncodeAsync(await File.ReadAllBytesAsync(file, cancellationToken), index.Generation.ModelId, cancellationToken);
        if (picture.Code is null)
        {
            throw new CommandException($"{file}: {picture.Result.Detail}");
        }

        RankedPage page = await search.SearchAsync([index], new Ranking(picture.Code.Code, picture.Code.Signature, count, null, labels), cancellationToken)
            ?? throw new CommandException($"The collection '{collection}' was changed in the meantime. Search again.");
        if (index.Drift is { } drift)
        {
            console.Error.WriteLine(
                $"dpfah: the collection's codes were made by {drift.Stored}, the query's by {drift.Running}: {drift.FlippedBits} of {drift.ComparedBits} bits differ.");
        }

        Write(console.Output, page);
        await host.StopAsync(CancellationToken.None);
        return ExitCode.Success;
    }

    private static IHost BuildHost(string? connection, EncoderSettings settings, AddEncoding addEncoding)
    {
        // No settings file, no environment: the command line says all, and a search writes nothing to the terminal but its answer.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.Services.AddDpfahEngine(new EngineOptions { DataFolder = settings.DataFolder, PostgresConnectionString = connection, ReadOnly = true });
        addEncoding(builder.Services, settings);
        return builder.Build();
    }

    private static async Task<bool> WaitAsync(ServiceState state, TerminalProgress progress, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StartTimeout);
        Task started = state.WaitUntilStartedAsync(timeout.Token);
        while (!started.IsCompleted)
        {
            progress.Report(($"Starting: {state.Step.Name}", state.Step.Done ?? 0));
            await Task.WhenAny(started, Task.Delay(100, cancellationToken));
        }

        if (started.IsCanceled && !cancellationToken.IsCancellationRequested)
        {
            throw new CommandException(state.Step.Detail);
        }

        await started;
        return true;
    }

    private static void Write(TextWriter output, RankedPage page)
    {
        var table = new Table().RoundedBorder()
            .AddColumn("rank").AddColumn("id").AddColumn("labels").AddColumn("distance (bits)").AddColumn("fine distance (bits)");
        foreach ((int rank, RankedItem item) in page.Items.Index())
        {
            Neighbor<IndexedItem> hit = item.Neighbor;
            table.AddRow(
                [.. new[] { $"{rank + 1}", hit.Item.PublicId, string.Join(", ", hit.Item.Labels), $"{hit.Distance}", $"{hit.FineDistance}" }.Select(text => new Text(text))]);
        }

        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Write(table);
        output.WriteLine(
            page.CutDistance is { } cut
                ? $"{page.Collections[0].Snapshot.Count:N0} pictures in '{page.Collections[0].Name}'; {page.BelowCut:N0} nearer than {cut} bits, {page.TiedAtCut:N0} at {cut}."
                : $"No picture of '{page.Collections[0].Name}' matches.");
    }
}
