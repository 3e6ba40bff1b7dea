using System.CommandLine;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;

namespace Dpfah.Cli;

/// <summary><c>dpfah import DIR|ARCHIVE</c>: imports pictures into the service's database, or into a service that runs.</summary>
internal static class ImportCommand
{
    private const string ConnectionVariable = "ConnectionStrings__Dpfah";
    private const string KeyVariable = "DPFAH_KEY";
    private const int RejectionsShown = 20;

    public static Command Create(AddEncoding addEncoding)
    {
        var path = new Argument<string>("PATH")
        {
            Description = "A folder of pictures, an archive (zip, tar, tar.gz), lines of JSON (.ndjson, .jsonl) or a feed (.csv).",
        };
        path.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !Path.Exists(result.Tokens[0].Value))
            {
                result.AddError($"There is no file or folder '{result.Tokens[0].Value}'.");
            }
        });
        var collection = new Option<string>("--collection", "-c")
        {
            Description = "Collection that takes the pictures.",
            HelpName = "NAME",
            DefaultValueFactory = _ => CollectionStore.DefaultName,
        };
        var mode = new Option<ImportMode>("--mode") { Description = "merge keeps pictures that are not in PATH, replace deletes them." };
        var labels = new Option<LabelSource>("--labels") { Description = "Where labels come from: auto (the manifest, else the folders), folders, manifest or none." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tells counts and rejections." };
        var url = new Option<string?>("--url") { Description = "A service that runs; without it the database is written to.", HelpName = "URL" };
        url.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0
                && !(Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? given) && given.Scheme is "http" or "https"))
            {
                result.AddError("--url must be an address that begins with http:// or https://.");
            }
        });
        var key = new Option<string?>("--key")
        {
            Description = $"API key for --url; without it that of {KeyVariable}.",
            HelpName = "KEY",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable(KeyVariable),
        };
        var connection = new Option<string?>("--connection")
        {
            Description = $"Connection string of PostgreSQL; without it that of {ConnectionVariable}, else SQLite in the data folder.",
            HelpName = "STRING",
            DefaultValueFactory = _ => Environment.GetEnvironmentVariable(ConnectionVariable),
        };
        var command = new Command("import", "Imports the pictures of a folder or of an archive into a collection.")
        {
            path, collection, mode, labels, dryRun, url, key, connection,
        };
        var encoder = new EncoderArguments(command, choosesModel: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new ImportOptions(parsed.GetValue(labels), parsed.GetValue(mode), parsed.GetValue(dryRun));
            string name = parsed.GetRequiredValue(collection);
            TextWriter error = parsed.InvocationConfiguration.Error;
            using ImportSourceFile source = ImportSourceFile.Of(parsed.GetRequiredValue(path));
            ImportOutcome outcome = await TerminalProgress.RunAsync<ImportOutcome>(error, wanted: true, async progress =>
            {
                if (parsed.GetValue(url) is { } service)
                {
                    using var remote = new RemoteImport(new Uri(service), parsed.GetValue(key));
                    return await remote.RunAsync(name, source, options, progress, cancellationToken);
                }

                await using var local = new LocalImport(parsed.GetValue(connection), encoder.Read(parsed), addEncoding);
                return await local.RunAsync(name, source, options, progress, cancellationToken);
            });
            return Tell(outcome, options, parsed.InvocationConfiguration.Output, error);
        });
        return command;
    }

    private static int Tell(ImportOutcome outcome, ImportOptions options, TextWriter output, TextWriter error)
    {
        foreach ((string item, string reason) in outcome.Rejections.Take(RejectionsShown))
        {
            error.WriteLine($"{item}: {reason}");
        }

        if (outcome.Counts.Rejected > RejectionsShown)
        {
            error.WriteLine($"… and {outcome.Counts.Rejected - RejectionsShown:N0} more; GET /jobs/{outcome.JobId}/errors has all.");
        }

        output.WriteLine(
            $"{outcome.Counts.Accepted:N0} accepted: {outcome.Counts.Indexed:N0} indexed, {outcome.Counts.Unchanged:N0} unchanged, {outcome.Counts.Rejected:N0} rejected"
            + (options.Mode == ImportMode.Replace ? $"; {outcome.Deleted:N0} deleted" : "")
            + (options.DryRun ? " (dry run: nothing was written)." : "."));
        return outcome.State == JobState.Succeeded
            ? ExitCode.Success
            : throw new CommandException(
                outcome.State == JobState.Cancelled ? $"Job {outcome.JobId} was cancelled." : $"Job {outcome.JobId} failed: {outcome.Error}");
    }
}
