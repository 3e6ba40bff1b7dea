using Npgsql;

namespace Dpfah.Cluster;

/// <summary>
/// Tables and statements by which the nodes know each other, in a schema of their own: what Orleans' ADO.NET provider looks for by name, with
/// statements of ours behind it.
/// </summary>
internal static class MembershipSchema
{
    /// <summary>Name of the schema.</summary>
    public const string Name = "dpfah_cluster";

    // Key of the advisory lock under which it is made: several nodes may start at once.
    private const long Lock = 0x4450464353;

    private const string Tables = $"""
        CREATE SCHEMA IF NOT EXISTS {Name};
        CREATE TABLE IF NOT EXISTS {Name}.orleansquery (
            querykey text PRIMARY KEY,
            querytext text NOT NULL);
        CREATE TABLE IF NOT EXISTS {Name}.cluster (
            deploymentid text PRIMARY KEY,
            version integer NOT NULL DEFAULT 0,
            changed timestamptz NOT NULL DEFAULT now());
        CREATE TABLE IF NOT EXISTS {Name}.node (
            deploymentid text NOT NULL REFERENCES {Name}.cluster,
            address text NOT NULL,
            port integer NOT NULL,
            generation integer NOT NULL,
            siloname text NOT NULL,
            hostname text NOT NULL,
            status integer NOT NULL,
            proxyport integer,
            suspecttimes text,
            starttime timestamptz NOT NULL,
            iamalivetime timestamptz NOT NULL,
            PRIMARY KEY (deploymentid, address, port, generation));
        """;

    private const string ThisNode = "deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation";

    private const string Columns = "m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport, m.suspecttimes, m.starttime, m.iamalivetime";

    // Each change of a node goes with a step of the version, or not at all: who has read an older version changes nothing and reads again.
    private static readonly (string Key, string Text)[] Statements =
    [
        ("InsertMembershipVersionKey", $"""
            WITH made AS (INSERT INTO {Name}.cluster (deploymentid) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
            SELECT count(*)::integer FROM made
            """),
        ("InsertMembershipKey", $"""
            WITH step AS (
                UPDATE {Name}.cluster SET version = version + 1, changed = now()
                WHERE deploymentid = @DeploymentId AND version = @Version
                    AND NOT EXISTS (SELECT 1 FROM {Name}.node WHERE {ThisNode})
                RETURNING 1),
            made AS (
                INSERT INTO {Name}.node (deploymentid, address, port, generation, siloname, hostname, status, proxyport, starttime, iamalivetime)
                SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM step
                RETURNING 1)
            SELECT count(*)::integer FROM made
            """),
        ("UpdateMembershipKey", $"""
            WITH step AS (
                UPDATE {Name}.cluster SET version = version + 1, changed = now()
                WHERE deploymentid = @DeploymentId AND version = @Version
                    AND EXISTS (SELECT 1 FROM {Name}.node WHERE {ThisNode})
                RETURNING 1),
            changed AS (
                UPDATE {Name}.node SET status = @Status, suspecttimes = @SuspectTimes, iamalivetime = @IAmAliveTime
                WHERE {ThisNode} AND EXISTS (SELECT 1 FROM step)
                RETURNING 1)
            SELECT count(*)::integer FROM changed
            """),
        ("UpdateIAmAlivetimeKey", $"UPDATE {Name}.node SET iamalivetime = @IAmAliveTime WHERE {ThisNode}"),
        ("MembershipReadRowKey", $"""
            SELECT v.deploymentid, {Columns}, v.version FROM {Name}.cluster v
            LEFT JOIN {Name}.node m ON m.deploymentid = v.deploymentid AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
            WHERE v.deploymentid = @DeploymentId
            """),
        ("MembershipReadAllKey", $"""
            SELECT v.deploymentid, {Columns}, v.version FROM {Name}.cluster v
            LEFT JOIN {Name}.node m ON m.deploymentid = v.deploymentid WHERE v.deploymentid = @DeploymentId
            """),
        ("DeleteMembershipTableEntriesKey", $"""
            WITH gone AS (DELETE FROM {Name}.node WHERE deploymentid = @DeploymentId) DELETE FROM {Name}.cluster WHERE deploymentid = @DeploymentId
            """),
        ("GatewaysQueryKey", $"""
            SELECT address, proxyport, generation FROM {Name}.node WHERE deploymentid = @DeploymentId AND status = @Status AND proxyport > 0
            """),
        ("CleanupDefunctSiloEntriesKey", $"""
            DELETE FROM {Name}.node WHERE deploymentid = @DeploymentId AND iamalivetime < @IAmAliveTime AND status <> 3
            """),
        ("CleanupDefunctSiloEntryKey", $"""
            DELETE FROM {Name}.node
            WHERE {ThisNode} AND status = 6 AND iamalivetime = @IAmAliveTime AND starttime = @StartTime
                AND coalesce(suspecttimes, '') = coalesce(@SuspectTimes, '')
            """),
    ];

    /// <summary>The connection string by which the provider finds its statements.</summary>
    public static string ConnectionString(string database) => new NpgsqlConnectionStringBuilder(database) { SearchPath = Name }.ConnectionString;

    /// <summary>Makes what is missing, and brings the statements to those of this version.</summary>
    /// <exception cref="NpgsqlException">The database does not answer, or the role may make no schema.</exception>
    public static async Task EnsureAsync(string database, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync($"SELECT pg_advisory_xact_lock({Lock})");
        await ExecuteAsync(Tables);
        foreach ((string key, string text) in Statements)
        {
            await ExecuteAsync(
                $"INSERT INTO {Name}.orleansquery VALUES (@key, @text) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext",
                new("key", key),
                new("text", text));
        }

        await transaction.CommitAsync(cancellationToken);

        async Task ExecuteAsync(string sql, params NpgsqlParameter[] parameters)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            command.Parameters.AddRange(parameters);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
