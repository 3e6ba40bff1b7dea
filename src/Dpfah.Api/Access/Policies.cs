using Dpfah.Engine.Access;

namespace Dpfah.Api.Access;

/// <summary>Roles of API keys, each allowed all that those before it are. Every endpoint names one as its policy.</summary>
internal static class Policies
{
    /// <inheritdoc cref="ApiKeyRoles.Reader"/>
    public const string Reader = ApiKeyRoles.Reader;

    /// <inheritdoc cref="ApiKeyRoles.Indexer"/>
    public const string Indexer = ApiKeyRoles.Indexer;

    /// <inheritdoc cref="ApiKeyRoles.Trainer"/>
    public const string Trainer = ApiKeyRoles.Trainer;

    /// <inheritdoc cref="ApiKeyRoles.Admin"/>
    public const string Admin = ApiKeyRoles.Admin;

    /// <summary>The policies; an endpoint that names none is for admins only.</summary>
    public static IServiceCollection AddDpfahPolicies(this IServiceCollection services)
    {
        var builder = services.AddAuthorizationBuilder();
        for (int i = 0; i < ApiKeyRoles.Ascending.Count; i++)
        {
            string[] allowed = [.. ApiKeyRoles.Ascending.Skip(i)];
            builder.AddPolicy(ApiKeyRoles.Ascending[i], policy => policy.RequireRole(allowed));
        }

        builder.SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireRole(Admin).Build());
        return services;
    }
}
