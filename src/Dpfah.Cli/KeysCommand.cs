using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Dpfah.Engine.Access;
using Dpfah.Engine.Auditing;

namespace Dpfah.Cli;

/// <summary><c>dpfah keys</c>: makes, lists and revokes API keys in the service's database. Whoever can write to that needs no key.</summary>
internal static class KeysCommand
{
    private const int KeysAtOnce = 500;

    public static Command Create() => new("keys", "Makes, lists and revokes API keys of a service, in its database.") { CreateCreate(), CreateList(), CreateRevoke() };

    private static Command CreateCreate()
    {
        var role = new Option<string>("--role") { Description = "What it may do; each role may do all that those before it may.", Required = true };
        role.AcceptOnlyFromAmong([.. ApiKeyRoles.Ascending]);
        var name = new Option<string>("--name") { Description = "Its name: 1 to 64 of a-z, 0-9, '-', '_' and '.'.", HelpName = "NAME", Required = true };
        var collections = new Option<string[]>("--collection", "-c")
        {
            Description = "A collection that it sees; may be repeated. Without any it sees all.",
            HelpName = "NAME",
        };
        var expires = new Option<DateTimeOffset?>("--expires")
        {
            Description = "When it ends: a day or a moment (2027-01-31, 2027-01-31T12:00Z; UTC unless it says otherwise), or a number of days or hours from now (90d, 12h). Without it, never.",
            HelpName = "WHEN",
            CustomParser = ParseExpiry,
        };
        var command = new Command("create", "Makes a key and writes it to standard output, this once.") { role, name, collections, expires };
        var database = new KeyDatabaseArguments(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var key = new NewApiKey(
                parsed.GetRequiredValue(name),
                parsed.GetRequiredValue(role),
                parsed.GetValue(collections) is { Length: > 0 } named ? named : null,
                parsed.GetValue(expires)?.UtcDateTime,
                null);
            if (key.Check(DateTime.UtcNow) is var (_, wrong))
            {
                throw new CommandException(wrong);
            }

            await using KeyDatabase opened = await KeyDatabase.OpenAsync(database.Read(parsed), isMade: true, cancellationToken);
            (ApiKeyRecord made, string text) = await opened.Keys.CreateAsync(key, cancellationToken)
                ?? throw new CommandException($"A key is already named '{key.Name}': revoke it first, or take another name.");
            parsed.InvocationConfiguration.Output.WriteLine(text);
            parsed.InvocationConfiguration.Error.WriteLine(
                $"Key {made.Id} '{made.Name}' ({made.Role}, {CollectionsOf(made)}, {(made.ExpiresAt is { } end ? $"until {end:u}" : "without end")}). It is shown this once: only its hash is kept.");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateList()
    {
        var command = new Command("list", "Lists the keys, revoked ones too, without their texts: columns with tabs between them.");
        var database = new KeyDatabaseArguments(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using KeyDatabase opened = await KeyDatabase.OpenAsync(database.Read(parsed), isMade: false, cancellationToken);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine("id\tname\trole\tcollections\tbegins\tmade\tends\tlast used\tstate");
            List<ApiKeyRecord> page;
            int after = 0;
            do
            {
                page = await opened.Keys.ListAsync(after, KeysAtOnce, cancellationToken);
                foreach (ApiKeyRecord key in page)
                {
                    string state = key.RevokedAt is { } revoked ? $"revoked {revoked:u}" : key.ExpiresAt <= DateTime.UtcNow ? "expired" : "good";
                    output.WriteLine(
                        $"{key.Id}\t{key.Name}\t{key.Role}\t{CollectionsOf(key)}\tdpfah_{key.Prefix}_\t{key.CreatedAt:u}\t{Time(key.ExpiresAt)}\t{Time(key.LastUsedAt)}\t{state}");
                    after = key.Id;
                }
            }
            while (page.Count == KeysAtOnce);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateRevoke()
    {
        var key = new Argument<string>("KEY") { Description = "Name or number of the key." };
        var command = new Command("revoke", "Revokes a key: every node refuses it within 5 seconds.") { key };
        var database = new KeyDatabaseArguments(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using KeyDatabase opened = await KeyDatabase.OpenAsync(database.Read(parsed), isMade: false, cancellationToken);
            ApiKeyRecord revoked = await opened.Keys.RevokeAsync(parsed.GetRequiredValue(key), AuditNames.Terminal, cancellationToken)
                ?? throw new CommandException($"There is no key '{parsed.GetRequiredValue(key)}'. `dpfah keys list` lists them.");
            parsed.InvocationConfiguration.Output.WriteLine($"Key {revoked.Id} '{revoked.Name}' is revoked since {revoked.RevokedAt:u}.");
            return ExitCode.Success;
        });
        return command;
    }

    private static string CollectionsOf(ApiKeyRecord key) => key.Collections is null ? "all collections" : string.Join(", ", key.Collections);

    private static string Time(DateTime? time) => time is { } moment ? $"{moment:u}" : "never";

    private static DateTimeOffset? ParseExpiry(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (text.Length > 1 && text[^1] is 'd' or 'h' && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and < 1_000_000)
        {
            return DateTimeOffset.UtcNow + (text[^1] == 'd' ? TimeSpan.FromDays(count) : TimeSpan.FromHours(count));
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment))
        {
            return moment;
        }

        result.AddError($"--expires is a moment such as 2027-01-31, or a time from now such as 90d or 12h; it was '{text}'.");
        return null;
    }
}
