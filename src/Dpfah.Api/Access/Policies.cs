namespace Dpfah.Api.Access;

/// <summary>Roles of API keys, each allowed all that those before it are. Every endpoint names one as its policy.</summary>
internal static class Policies
{
    /// <summary>Searches and reads.</summary>
    public const string Reader = "reader";

    /// <summary>Writes pictures and collections.</summary>
    public const string Indexer = "indexer";

    /// <summary>Trains and measures models.</summary>
    public const string Trainer = "trainer";

    /// <summary>Everything.</summary>
    public const string Admin = "admin";

    private static readonly string[] Ascending = [Reader, Indexer, Trainer, Admin];

    /// <summary>The policies; an endpoint that names none is for admins only.</summary>
    public static IServiceCollection AddDpfahPolicies(this IServiceCollection services)
    {
        var builder = services.AddAuthorizationBuilder();
        for (int i = 0; i < Ascending.Length; i++)
        {
            string[] allowed = Ascending[i..];
            builder.AddPolicy(Ascending[i], policy => policy.RequireRole(allowed));
        }

        builder.SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireRole(Admin).Build());
        return services;
    }
}
