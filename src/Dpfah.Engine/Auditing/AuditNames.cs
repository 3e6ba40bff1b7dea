namespace Dpfah.Engine.Auditing;

/// <summary>What the audit calls those who have no key of the database. No key may be named so.</summary>
public static class AuditNames
{
    /// <summary>The key of the setting <c>DPFAH_ADMIN_KEY</c>.</summary>
    public const string Admin = "admin";

    /// <summary>A caller of a service that asks for no key.</summary>
    public const string Local = "local";

    /// <summary>The program <c>dpfah</c>, which writes to the database itself.</summary>
    public const string Terminal = "terminal";

    /// <summary>The service, which trains again by itself.</summary>
    public const string Schedule = "schedule";

    /// <summary>The service, whatever else it does by itself.</summary>
    public const string Service = "service";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Admin, Local, Terminal, Schedule, Service];
}
